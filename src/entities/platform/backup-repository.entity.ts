import { Column, Entity, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { ProtectionFlow } from '../protection-flow.entity';

/**
 * Where backups are kept: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package; a row that a flow uses can't be deleted. Written by
 * the platform.
 */
@Entity({ name: 'backup_repositories', synchronize: false })
export class BackupRepository {
  /** The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** `local`, `nfs`, `s3` and others: an enum that grows with the platform, so it is read as any text. */
  @Column({ type: 'varchar', length: 64 })
  repository_type!: string;

  /** Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.repository, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}
