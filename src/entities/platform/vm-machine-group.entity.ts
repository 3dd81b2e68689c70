import { Column, Entity, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { VmGroupMembership } from './vm-group-membership.entity';

/**
 * A group of VMs, one of the two things that a flow can protect: a table of the platform, of which the columns that
 * this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_machine_groups', synchronize: false })
export class VmMachineGroup {
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The group's own schedule, which has nothing to do with its flows. Null: none. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  schedule_id!: string | null;

  /** Null, which the platform's column lets in: as its default, 5. */
  @Column({ type: 'int', nullable: true, default: 5 })
  max_concurrent_vms!: number | null;

  /** The lower, the earlier. Null, which the platform's column lets in: as its default, 0. */
  @Column({ type: 'int', nullable: true, default: 0 })
  priority!: number | null;

  /** To read only. */
  @OneToMany(() => VmGroupMembership, (membership) => membership.group, { persistence: false })
  memberships!: Relation<VmGroupMembership>[];
}
