import type { Argument } from '../../support/hostile-calls';
import type { HostileTitle } from '../../support/hostile-values';
import type { RightIds } from './arguments-table';

const left: readonly HostileTitle[] = ['undefined'];
const none: readonly HostileTitle[] = ['undefined', 'null'];
const visible: readonly HostileTitle[] = ['a letter', 'a digit', 'SQL', 'a star'];
const anId: readonly HostileTitle[] = [...visible, 'a zero-width blank'];
const lines: readonly HostileTitle[] = [
  ...anId,
  'an empty text',
  'a blank',
  'a control character',
  'two lines',
  '600 characters',
];
const emptyObjects: readonly HostileTitle[] = [
  ...left,
  'an empty object',
  'an object without a prototype',
  'an instance of a class',
  'an object made like a Date',
];
const limit: readonly HostileTitle[] = [...left, 'one'];
const id = (right: string): Argument => ({ name: 'id', right, takes: anId });

/** The arguments of what pauses flows and makes up for runs; see `arguments-table.ts`. */
export const pauseArguments = {
  'FlowRepository.pause': ({ flow }: RightIds): readonly Argument[] => [
    id(flow),
    {
      name: 'options',
      right: {},
      takes: emptyObjects,
      fields: { until: [...none, 'a Date'], note: [...none, ...lines], by: [...left, ...visible] },
    },
  ],
  'FlowRepository.resume': ({ flow }: RightIds): readonly Argument[] => [id(flow)],
  'FlowRepository.listPaused': (): readonly Argument[] => [
    { name: 'options', right: {}, takes: emptyObjects, fields: { limit } },
  ],
  'FlowRepository.pauseAfterFailures': ({ flow }: RightIds): readonly Argument[] => [
    id(flow),
    { name: 'failures', right: 3, takes: [...none, 'one'] },
  ],
};
