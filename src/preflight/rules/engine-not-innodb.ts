import { obstacleRule } from '../key-findings';

/** One end of a key is a view, or a table of an engine without foreign keys. */
export const engineNotInnodb = obstacleRule('ENGINE_NOT_INNODB');
