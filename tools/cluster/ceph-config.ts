export interface CephLayout {
  /** Absolute. */
  readonly directory: string;
  /** The monitor listens there, and on the next port. */
  readonly monitorPort: number;
  readonly gatewayPorts: readonly number[];
  readonly osds: number;
  readonly fsid: string;
}

/** The gateway's daemon name and directory: `a`, `b`, … */
export function gatewayName(number: number): string {
  return String.fromCharCode(97 + number);
}

/**
 * Three copies of everything on one machine, acknowledged by two. What differs from Ceph's defaults, and why:
 * - failures are reported by OSDs, not by hosts, since there is one host (`reporter_subtree_level`);
 * - an OSD that says nothing is down after 5 s, not 20 s: this is how long writes to its placement groups wait;
 * - little memory and few placement groups, no debug logs.
 */
export function cephConfig({ directory, monitorPort, osds, fsid }: CephLayout): string {
  return `[global]
fsid = ${fsid}
mon_host = ${monitorAddresses(monitorPort)}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = ${directory}/keyring
run_dir = ${directory}
log_file = ${directory}/$name.log
admin_socket = ${directory}/$name.asok
pid_file = ${directory}/$name.pid
debug_ms = 0/0
debug_osd = 0/0
debug_rgw = 0/0
debug_bluestore = 0/0
debug_rocksdb = 0/0

osd_pool_default_size = ${osds}
osd_pool_default_min_size = ${Math.floor(osds / 2) + 1}
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 2
mon_data_avail_crit = 1

mon_osd_reporter_subtree_level = osd
mon_osd_min_down_reporters = 1
mon_osd_adjust_heartbeat_grace = false
osd_heartbeat_interval = 1
osd_heartbeat_grace = 5
# Tests take OSDs down again and again; by default one that was marked down five times in ten minutes gives up.
osd_max_markdown_count = 1000

osd_objectstore = bluestore
bluestore_block_size = 10737418240
bluestore_block_create = true
osd_memory_target = 939524096
osd_data = ${directory}/osd.$id
mon_data = ${directory}/mon.a
mgr_data = ${directory}/mgr.x
`;
}

export function monitorAddresses(port: number): string {
  return `[v2:127.0.0.1:${port},v1:127.0.0.1:${port + 1}]`;
}
