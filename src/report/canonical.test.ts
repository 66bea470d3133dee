import { describe, expect, it } from 'vitest';
import { canonicalJson, hashOf } from './canonical.ts';

describe('canonical JSON', () => {
  it('does not depend on the order in which a value was put together', () => {
    expect(canonicalJson({ b: [1, { y: null, x: 'é' }], a: true })).toBe('{"a":true,"b":[1,{"x":"é","y":null}]}');
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
  });

  it('hashes as any other program would', () => {
    expect(hashOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  it('tells the last digit of a double', () => {
    expect(hashOf(0.1 + 0.2)).not.toBe(hashOf(0.3));
    expect(hashOf(-0)).toBe(hashOf(0));
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined], [() => 0]])(
    'refuses %s, which would come back as something else',
    (value) => {
      expect(() => canonicalJson({ value })).toThrow(TypeError);
    },
  );
});
