import { obstacleRule } from '../key-findings';

/** The parent's column has no unique index of its own over its whole length. */
export const fkParentNotIndexed = obstacleRule('FK_PARENT_NOT_INDEXED');
