import { Transform } from 'class-transformer';

const words: Readonly<Record<string, boolean>> = { true: true, false: false };

/** `true` and `false` of a query string; anything else is left for the rule to refuse. */
export const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => words[String(value)] ?? value);
