/**
 * The variables of a session that the package leaves as the server has them, by the reason. What it sets, and why, is in
 * src/driver/session-variables.ts; a variable in neither is one that nobody has thought about.
 */
export const leftAlone: Readonly<Record<string, string>> = {
  'set by SET NAMES, or by the database that is used':
    'character_set_client character_set_connection character_set_results collation_connection character_set_database collation_database',
  'for CREATE DATABASE alone, which is never executed':
    'character_set_server collation_server default_table_encryption',
  'every COLLATE is written, wherever a collation matters':
    'character_set_collations default_collation_for_utf8mb4 old_mode character_set_filesystem',
  'every CREATE TABLE names InnoDB, and no temporary table is made':
    'default_storage_engine storage_engine default_tmp_storage_engine innodb_compression_default innodb_default_encryption_key_id column_compression_threshold column_compression_zlib_level column_compression_zlib_strategy column_compression_zlib_wrap external_table_storage_engine external_table_secondary_storage_engine',
  'an administrator forbids InnoDB with it: preflight says so (ENGINE_NOT_INNODB)': 'enforce_storage_engine',
  'every column says NULL or NOT NULL, DEFAULT and ON UPDATE': 'explicit_defaults_for_timestamp',
  'every table has a primary key, every key ends at a unique one':
    'sql_require_primary_key sql_generate_invisible_primary_key restrict_fk_on_non_standard_key',
  'MySQL keeps it for SESSION_VARIABLES_ADMIN; MariaDB’s is set': 'innodb_strict_mode',
  'kept for administrators: replication and the binary log':
    'sql_log_bin sql_log_off binlog_alter_two_phase binlog_annotate_row_events binlog_direct_non_transactional_updates binlog_format binlog_row_image binlog_row_value_options binlog_rows_query_log_events binlog_transaction_compression binlog_transaction_compression_level_zstd default_master_connection gtid_domain_id gtid_next gtid_seq_no group_replication_consistency immediate_server_version original_commit_timestamp original_server_version pseudo_replica_mode pseudo_slave_mode pseudo_thread_id rbr_exec_mode require_row_format server_id skip_parallel_replication skip_replication sql_slave_skip_counter max_relay_log_size transaction_allow_batching xa_detach_on_prepare log_warnings net_retry_count terminology_use_previous',
  'a cluster’s affair; the lease of a migrate sets wsrep_sync_wait where it matters':
    'wsrep_causal_reads wsrep_dirty_reads wsrep_gtid_seq_no wsrep_on wsrep_osu_method wsrep_retry_autocommit wsrep_sync_wait wsrep_trx_fragment_size wsrep_trx_fragment_unit auto_increment_increment auto_increment_offset',
  'an administrator wants no writes with it: preflight says so': 'transaction_read_only tx_read_only',
  'how long to wait for the locks of others: an administrator’s choice, and what waited too long is repeated; migrate and verify set their own':
    'innodb_lock_wait_timeout lock_wait_timeout deadlock_search_depth_long deadlock_search_depth_short deadlock_timeout_long deadlock_timeout_short',
  'ends a transaction whose program has gone silent, which gives its locks back; none of ours waits in between':
    'idle_transaction_timeout idle_readonly_transaction_timeout idle_write_transaction_timeout interactive_timeout',
  'decides with which error one of two writers loses; all of them are repeated': 'innodb_snapshot_isolation',
  'memory and disk, which protect the server; no statement needs much':
    'analyze_max_length aria_sort_buffer_size bulk_insert_buffer_size connection_memory_chunk_size connection_memory_limit global_connection_memory_tracking histogram_generation_max_mem_size innodb_ddl_buffer_size innodb_ddl_threads innodb_parallel_read_threads innodb_tmpdir internal_tmp_mem_storage_engine join_buffer_size join_buffer_space_limit max_allowed_packet max_heap_table_size max_session_mem_used max_tmp_session_space_usage max_tmp_tables max_user_connections mrr_buffer_size myisam_sort_buffer_size net_buffer_length optimizer_trace_max_mem_size parser_max_mem_size preload_buffer_size query_alloc_block_size query_prealloc_size range_alloc_block_size range_optimizer_max_mem_size read_buffer_size read_rnd_buffer_size rowid_merge_buff_size select_into_buffer_size select_into_disk_sync select_into_disk_sync_delay set_operations_buffer_size sort_buffer_size tmp_disk_table_size tmp_memory_table_size tmp_table_size transaction_alloc_block_size transaction_prealloc_size thread_pool_priority tcp_nodelay big_tables max_length_for_sort_data',
  'plans and costs: another plan gives the same rows':
    'analyze_sample_percentage enable_secondary_engine_statistics eq_range_index_dive_limit expensive_subquery_limit histogram_size histogram_type in_predicate_conversion_threshold join_cache_level max_rowid_filter_size max_seeks_for_key new_mode old optimizer_adjust_secondary_key_costs optimizer_extra_pruning_depth optimizer_join_limit_pref_ratio optimizer_max_sel_arg_weight optimizer_max_sel_args optimizer_max_subgraph_pairs optimizer_prune_level optimizer_scan_setup_cost optimizer_search_depth optimizer_selectivity_sampling_limit optimizer_switch optimizer_use_condition_selectivity optimizer_where_cost query_cache_strip_comments query_cache_type query_cache_wlock_invalidate secondary_engine_cost_threshold sql_buffer_result standard_compliant_cte use_secondary_engine use_stat_tables',
  'logs, traces and warnings, which nobody reads here':
    'end_markers_in_json explain_format explain_json_format_version log_disabled_statements log_queries_not_using_indexes log_slow_admin_statements log_slow_always_query_time log_slow_disabled_statements log_slow_filter log_slow_max_warnings log_slow_min_examined_row_limit log_slow_query log_slow_query_time log_slow_rate_limit log_slow_slave_statements log_slow_verbosity long_query_time max_error_count min_examined_row_limit note_verbosity optimizer_trace optimizer_trace_features optimizer_trace_limit optimizer_trace_offset print_identified_with_as_hex profiling profiling_history_size progress_report_time slow_query_log sql_notes sql_warnings',
  'what the server tells the driver besides, which passes over it':
    'resultset_metadata redirect_url session_track_gtids session_track_schema session_track_state_change session_track_system_variables session_track_transaction_info',
  'SHOW CREATE TABLE shows more or less of what nobody reads here':
    'show_create_table_skip_secondary_engine show_create_table_verbosity',
  'other engines, or LOCK TABLES':
    'aria_repair_threads aria_stats_method innodb_table_locks keep_files_on_create low_priority_updates max_delayed_threads max_insert_delayed_threads myisam_repair_threads myisam_stats_method',
  'functions, views and procedures of a kind that no statement uses':
    'block_encryption_mode default_regex_flags generated_random_password_length innodb_ft_enable_stopword innodb_ft_user_stopword_table max_points_in_geometry max_sp_recursion_depth mhnsw_default_distance mhnsw_default_m mhnsw_ef_search old_passwords updatable_views_with_limit windowing_use_high_precision',
  'triggers of others': 'enable_cascade_triggers',
  'system-versioned tables of others': 'system_versioning_alter_history system_versioning_insert_history',
  'sql_big_selects takes its effect away': 'max_join_size',
  'of one statement, or never a default of the server':
    'identity insert_id last_insert_id rand_seed1 rand_seed2 timestamp',
};
