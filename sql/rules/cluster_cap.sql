-- cluster_cap: at most so many images of each cluster, those whose hash comes first; value is an image's place in it.
-- inputs: candidates, homes, image_clusters
-- params: by, cap, seed
with members as (
    select
        c.image_id,
        case $by
            when 'source' then h.source
            when 'embedding' then k.cluster::varchar
            else list_filter(c.tags, lambda t: t.category = $by)[1].tag
        end as cluster
    from candidates c
    join homes h on h.image_id = c.image_id
    left join image_clusters k on k.image_id = c.image_id
)
select
    image_id,
    'cluster_cap' as reason,
    row_number() over (partition by cluster order by md5('cluster_cap:' || $seed || ':' || image_id), image_id) as value,
    $cap as threshold
from members where cluster is not null
qualify value > $cap
