import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { ProtectionFlow } from '../protection-flow.entity';
import { BackupRepository } from './backup-repository.entity';

/**
 * How long backups are kept: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'backup_policies', synchronize: false })
export class BackupPolicy {
  /** The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ type: 'varchar', length: 64 })
  primary_repository_id!: string;

  /** Null, which the platform's column lets in: as its default, 30. */
  @Column({ type: 'int', nullable: true, default: 30 })
  retention_days!: number | null;

  @ManyToOne(() => BackupRepository, { nullable: false, createForeignKeyConstraints: false })
  @JoinColumn({ name: 'primary_repository_id' })
  primary_repository!: Relation<BackupRepository>;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.policy, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}
