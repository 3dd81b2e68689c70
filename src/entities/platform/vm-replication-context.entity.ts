import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A VM that the platform knows, one of the two things that a flow can protect: a table of the platform, of which the
 * columns that this package reads are declared. Its key is context_id, not id.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_replication_contexts', synchronize: false })
export class VmReplicationContext {
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  context_id!: string;

  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  @Column({ type: 'varchar', length: 255 })
  vcenter_host!: string;
}
