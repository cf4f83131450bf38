-- One row per cluster or node pool and period; open ends are the ends of time.
{{ config(materialized='table') }}
SELECT
    cluster_id,
    node_pool,
    region,
    workload_type,
    provider,
    coalesce(valid_from, '-infinity') AS valid_from,
    coalesce(valid_to, 'infinity') AS valid_to
FROM read_csv('{{ var("inventory") }}', header = true, columns = {
    cluster_id: 'VARCHAR', node_pool: 'VARCHAR', region: 'VARCHAR', workload_type: 'VARCHAR', provider: 'VARCHAR',
    valid_from: 'TIMESTAMP', valid_to: 'TIMESTAMP'})
