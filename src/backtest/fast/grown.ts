/** The same values in a longer array. */
export function grown<T extends Int8Array | Int32Array | Float64Array | Uint8Array | Uint16Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
