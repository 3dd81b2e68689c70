import { ownTables } from '../engine/server/names';

/** How the engine's own tables are called beside ours: so an application's own TypeORM history is left alone. */
export const tablePrefix = 'sendense_flow';

/** The history's table. */
export const historyTable = ownTables(tablePrefix).history;
