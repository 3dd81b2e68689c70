import type { SchemaFit } from '../../engine/verify/check-schema';
import { differencesMarkdown, differencesText, summaryOf } from './differences';
import { escaped, heading, remedyBlock } from './markdown';
import { databaseName, headed, type Output } from './words';
import { labelled } from './wrap';

const briefly = ({ message: summary, differences }: SchemaFit): string => summaryOf({ summary, differences });

/** Whether this program fits the schema, and what to do where it does not. */
export const schemaFitOutput = (command: 'wait' | 'check'): Output<SchemaFit> => ({
  text: (fit, style) => [
    ...headed(fit.state.toUpperCase(), `: ${briefly(fit)}`, (title) =>
      style.bold(fit.ok ? style.green(title) : style.red(title)),
    ),
    ...labelled('', databaseName(fit), 0),
    ...differencesText(fit.differences, style, 2),
    ...(fit.remedy === null ? [] : labelled('Fix: ', fit.remedy, 0)),
  ],
  markdown: (fit) => [
    ...heading(fit, `${command}: ${fit.state}`),
    escaped(briefly(fit)),
    '',
    ...differencesMarkdown(fit.differences),
    ...(fit.remedy === null ? [] : remedyBlock(fit.remedy)),
  ],
});
