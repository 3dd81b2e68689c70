import type { Argument } from '../../support/hostile-calls';
import type { HostileTitle } from '../../support/hostile-values';

/** Ids of existing rows, for valid arguments. */
export interface RightIds {
  readonly flow: string;
  readonly run: string;
  readonly schedule: string;
  readonly repository: string;
}

export const left: readonly HostileTitle[] = ['undefined'];
export const none: readonly HostileTitle[] = ['undefined', 'null'];
export const objects: readonly HostileTitle[] = ['an empty object', 'an object without a prototype'];
export const emptyObjects: readonly HostileTitle[] = [
  ...objects,
  'an instance of a class',
  // It shows no properties of its own
  'an object made like a Date',
];
export const visible: readonly HostileTitle[] = ['a letter', 'a digit', 'SQL', 'a star'];
export const anId: readonly HostileTitle[] = [...visible, 'a zero-width blank'];
export const lines: readonly HostileTitle[] = [
  ...anId,
  'an empty text',
  'a blank',
  'a control character',
  'two lines',
  '600 characters',
];
export const flag: readonly HostileTitle[] = ['true', 'false'];
export const fromZero: readonly HostileTitle[] = ['zero', 'one'];
export const fromOne: readonly HostileTitle[] = ['one'];
export const lists: readonly HostileTitle[] = ['an empty list', 'a list of texts'];
export const callback: readonly HostileTitle[] = ['undefined', 'a function'];

export const id = (right: string, name = 'id'): Argument => ({ name, right, takes: anId });
export const ids = (right: readonly string[], name = 'ids'): Argument => ({ name, right, takes: lists });

export const options = (
  fields: Readonly<Record<string, readonly HostileTitle[]>>,
  right: object = {},
  { name = 'options', takes = [...left, ...emptyObjects] as readonly HostileTitle[] } = {},
): Argument => ({ name, right, takes, fields });
