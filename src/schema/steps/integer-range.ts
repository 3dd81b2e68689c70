const bits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};

/** The least and greatest value of an integer type; null for any other type. */
export function integerRange(type: string): { readonly least: bigint; readonly greatest: bigint } | null {
  const [, name = '', unsigned] = /^(\w+)(?:\(\d+\))?( unsigned)?$/.exec(type) ?? [];
  const width = bits[name];
  if (width === undefined) return null;
  return unsigned === undefined
    ? { least: -(2n ** (width - 1n)), greatest: 2n ** (width - 1n) - 1n }
    : { least: 0n, greatest: 2n ** width - 1n };
}
