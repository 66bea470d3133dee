import { InvalidArgumentError } from 'commander';
import type { Context, ExitCode } from './context.ts';

/** Makes the action of a command out of what the command does, inside the frame that all commands share. */
export type Frame = <Given extends unknown[]>(
  body: (context: Context, ...given: Given) => Promise<ExitCode>,
  stop?: Stop,
) => (...given: Given) => Promise<void>;

/** What Ctrl-C means to a command: it breaks off what should have been finished, or is the way in which it ends. */
export type Stop = 'breaks off' | 'ends';

/** For an option that takes a whole number of this range. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It is not a whole number from ${from} to ${to}.`);
  };
}

export function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** `BTC,ETH` */
export function listed(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Write it like one,two.');
}

/**
 * `lookback=30` and what was named before it; numbers are numbers, everything else is left to the strategy's params.
 */
export function namedValue(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as name=value.');
  return { ...before, [name]: Number.isNaN(Number(value)) ? value : Number(value) };
}
