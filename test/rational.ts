/** Exact fractions over BigInt, for oracles: slow, obvious, and never wrong by an ulp. */
export class Rational {
  readonly top: bigint;
  readonly bottom: bigint;

  constructor(top: bigint, bottom = 1n) {
    if (bottom === 0n) throw new RangeError('division by zero');
    this.top = bottom < 0n ? -top : top;
    this.bottom = bottom < 0n ? -bottom : bottom;
  }

  plus(other: Rational): Rational {
    return new Rational(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom);
  }

  minus(other: Rational): Rational {
    return this.plus(other.times(MINUS_ONE));
  }

  times(other: Rational): Rational {
    return new Rational(this.top * other.top, this.bottom * other.bottom);
  }

  over(other: Rational): Rational {
    return new Rational(this.top * other.bottom, this.bottom * other.top);
  }

  abs(): Rational {
    return this.top < 0n ? new Rational(-this.top, this.bottom) : this;
  }

  /** −1, 0 or 1, as this is below, at or above the other. */
  compare(other: Rational): number {
    const difference = this.top * other.bottom - other.top * this.bottom;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  isBelow(other: Rational): boolean {
    return this.compare(other) < 0;
  }

  isAbove(other: Rational): boolean {
    return this.compare(other) > 0;
  }

  equals(other: Rational): boolean {
    return this.compare(other) === 0;
  }

  floor(): bigint {
    const quotient = this.top / this.bottom;
    return quotient * this.bottom > this.top ? quotient - 1n : quotient;
  }

  ceil(): bigint {
    return -new Rational(-this.top, this.bottom).floor();
  }

  /** Nearest whole number, ties away from zero. */
  round(): bigint {
    const magnitude = this.abs().plus(HALF).floor();
    return this.top < 0n ? -magnitude : magnitude;
  }

  /** The nearest double: one rounding, since both parts of a short decimal are exact. */
  toNumber(): number {
    return Number(this.toDecimal(40));
  }

  toDecimal(digits: number): string {
    const scaled = new Rational(this.top * 10n ** BigInt(digits), this.bottom).round();
    const text = (scaled < 0n ? -scaled : scaled).toString().padStart(digits + 1, '0');
    return `${scaled < 0n ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
  }
}

const MINUS_ONE = new Rational(-1n);
const HALF = new Rational(1n, 2n);

export const ZERO = new Rational(0n);
export const ONE = new Rational(1n);

/** A double as the decimal that a person reads in it: 0.1 is one tenth. */
export function rational(value: number | bigint): Rational {
  if (typeof value === 'bigint') return new Rational(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) throw new RangeError(`${value} is not finite`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const top = BigInt(`${sign}${whole}${fraction}`);
  const shift = Number(exponent) - fraction.length;
  return shift >= 0 ? new Rational(top * 10n ** BigInt(shift)) : new Rational(top, 10n ** BigInt(-shift));
}
