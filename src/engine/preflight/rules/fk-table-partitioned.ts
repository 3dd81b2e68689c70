import { obstacleRule } from '../key-findings';

/** One end of a key is partitioned: InnoDB has no foreign keys there. */
export const fkTablePartitioned = obstacleRule('FK_TABLE_PARTITIONED');
