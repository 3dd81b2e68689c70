import { Transform } from 'class-transformer';

const words: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Reads `true` and `false` of a query string; leaves anything else for the rule to refuse. */
export const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => words[String(value)] ?? value);
