import type { Argument } from '../../support/hostile-calls';
import { emptyObjects, id, left, lines, none, visible, type RightIds } from './argument-shapes';

const choices = [...left, ...emptyObjects];

/** The arguments of the methods that pause flows; see `arguments-table.ts`. */
export const pauseArguments = {
  'FlowRepository.pause': ({ flow }: RightIds): readonly Argument[] => [
    id(flow),
    {
      name: 'options',
      right: {},
      takes: choices,
      fields: { until: none, note: [...none, ...lines], by: [...left, ...visible] },
    },
  ],
  'FlowRepository.resume': ({ flow }: RightIds): readonly Argument[] => [id(flow)],
  'FlowRepository.listPaused': (): readonly Argument[] => [
    { name: 'options', right: {}, takes: choices, fields: { limit: [...left, 'one'] } },
  ],
  'FlowRepository.pauseAfterFailures': ({ flow }: RightIds): readonly Argument[] => [
    id(flow),
    { name: 'failures', right: 3, takes: [...none, 'one'] },
  ],
};
