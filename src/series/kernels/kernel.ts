/**
 * An operation as a resumable loop: `run` consumes `count` new values of each input, writes their results, and keeps
 * its state for the next call. A batch is blocks, live trading is a block of one, and both give the same bits.
 *
 * `run` copies its state into locals: a loop over locals costs a nanosecond or two a value, one over fields several
 * times that.
 */
export interface Kernel {
  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void;
}
