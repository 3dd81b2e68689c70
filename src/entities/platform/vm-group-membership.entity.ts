import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { VmMachineGroup } from './vm-machine-group.entity';
import { VmReplicationContext } from './vm-replication-context.entity';

/**
 * One VM's membership in a group: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_group_memberships', synchronize: false })
export class VmGroupMembership {
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  group_id!: string;

  @Column({ type: 'varchar', length: 64 })
  vm_context_id!: string;

  /** False: the group's runs pass this VM over. Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  @ManyToOne(() => VmMachineGroup, (group) => group.memberships, {
    nullable: false,
    createForeignKeyConstraints: false,
  })
  @JoinColumn({ name: 'group_id' })
  group!: Relation<VmMachineGroup>;

  @ManyToOne(() => VmReplicationContext, { nullable: false, createForeignKeyConstraints: false })
  @JoinColumn({ name: 'vm_context_id', referencedColumnName: 'context_id' })
  vm_context!: Relation<VmReplicationContext>;
}
