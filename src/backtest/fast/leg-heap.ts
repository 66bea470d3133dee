/** Legs in the order of their next events: a binary heap over numbers, so that nothing is made per event. */
export class LegHeap {
  /** Leg numbers; the one at 0 is next. */
  readonly #heap: Int32Array;
  /** When the next event of each leg is due; Infinity for never. */
  readonly #dueAt: Float64Array;

  constructor(dueAt: readonly number[]) {
    this.#dueAt = Float64Array.from(dueAt);
    this.#heap = Int32Array.from(dueAt, (_, leg) => leg);
    for (let at = (dueAt.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get next(): number {
    return this.#heap[0] as number;
  }

  get nextDueAt(): number {
    return this.#dueAt[this.next] as number;
  }

  /** The next leg has done what it was due for; its following event is never earlier. */
  postpone(dueAt: number): void {
    this.#dueAt[this.next] = dueAt;
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const dueAt = this.#dueAt;
    const leg = heap[from] as number;
    const due = dueAt[leg] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && (dueAt[heap[right] as number] as number) < (dueAt[heap[child] as number] as number)) {
        child = right;
      }
      if ((dueAt[heap[child] as number] as number) >= due) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = leg;
  }
}
