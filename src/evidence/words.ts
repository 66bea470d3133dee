/**
 * Numbers inside the sentences of a verdict: short, with a true minus sign. Tables and charts are formatted by the
 * report.
 */

/** `+0.12 R`, `−0.004 R`: two decimals, three where two would say zero. */
export function inR(value: number): string {
  const decimals = value !== 0 && Math.abs(value) < 0.01 ? 3 : 2;
  const text = Math.abs(value).toFixed(decimals);
  if (Number(text) === 0) return '0 R';
  return `${value < 0 ? '−' : '+'}${text} R`;
}

/** A size without a sign: `0.12 R`. */
export function sizeInR(value: number): string {
  return inR(Math.abs(value)).replace('+', '');
}

/** `0.043`; what three decimals would round to zero is `< 0.001`. */
export function pText(value: number): string {
  return value < 0.0005 ? '< 0.001' : value.toFixed(3);
}

/** `p = 0.043`, `p < 0.001`; `p n/a`. */
export function pEquals(value: number): string {
  if (Number.isNaN(value)) return 'p n/a';
  return value < 0.0005 ? 'p < 0.001' : `p = ${value.toFixed(3)}`;
}

/** `5 %`, `97.5 %`, `0.12 %`. */
export function percent(fraction: number): string {
  const value = Number((fraction * 100).toPrecision(Math.abs(fraction) < 0.1 ? 2 : 3));
  return `${value < 0 ? '−' : ''}${Math.abs(value)} %`;
}

/** `$1,234`, `−$12`. */
export function dollars(usd: number): string {
  const whole = Math.round(Math.abs(usd)).toLocaleString('en-US');
  return `${usd < 0 && whole !== '0' ? '−' : ''}$${whole}`;
}

/** `1 trade`, `12 trades`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** A ratio: `0.31`, `−0.5`. */
export function times(value: number): string {
  const text = String(Number(Math.abs(value).toFixed(2)));
  return value < 0 && text !== '0' ? `−${text}` : text;
}
