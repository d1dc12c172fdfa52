-- +goose Up

-- What a partition's log has no more, because it was older than the retention, and how far what it has is packed.
create table usage_log (
    part           bigint not null primary key,
    packed_seq     bigint not null, -- segments up to here are packed
    dropped_seq    bigint not null, -- segments up to here are no more
    dropped_hour   bigint not null, -- the latest hour that an event of theirs was billed in
    dropped_events bigint not null,
    dropped_bytes  bigint not null,
    dropped_us     bigint not null, -- when the newest of them was written
    drop_us        bigint not null  -- when segments were dropped last
);

-- The first of the commits whose events a segment has; 0 is its own number. It stands behind the body, where adding it
-- rewrites no row.
alter table usage_segment add column first_seq bigint not null default 0;

-- +goose Down
alter table usage_segment drop column first_seq;
drop table usage_log;
