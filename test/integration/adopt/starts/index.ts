import type { Start } from '../start';
import { extraStarts } from './extras';
import { keyStarts } from './keys';
import { plainStarts } from './plain';
import { textStarts } from './texts';

/** Every hand-made start, by name. */
export const starts: Record<string, Start> = { ...plainStarts, ...textStarts, ...keyStarts, ...extraStarts };
