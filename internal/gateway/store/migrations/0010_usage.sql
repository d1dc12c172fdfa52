-- +goose Up

-- The log of usage events: one row a commit.
create table usage_segment (
    part       bigint not null,
    seq        bigint not null,
    first_hour bigint not null,
    last_hour  bigint not null,
    events     bigint not null,
    at_us      bigint not null,
    body       bytea  not null,
    primary key (part, seq)
);
create index usage_segment_hour on usage_segment (last_hour);

-- Which hours are closed; scope is a licence, or empty for all.
create table usage_cut (
    part    bigint not null,
    scope   text   not null,
    hour    bigint not null,
    seq     bigint not null,
    at_us   bigint not null,
    done_us bigint not null,
    primary key (part, scope, hour)
);
create index usage_cut_undone on usage_cut (part, hour) where done_us = 0;

-- Ids of events that have left memory: sorted runs, in chunks.
create table usage_run (
    part       bigint not null,
    run        bigint not null,
    last_seq   bigint not null,
    last_us    bigint not null,
    ids        bigint not null,
    filter     bytea  not null,
    first_keys bytea  not null,
    primary key (part, run)
);
create table usage_ids (
    part  bigint not null,
    run   bigint not null,
    chunk bigint not null,
    body  bytea  not null,
    primary key (part, run, chunk)
);

-- +goose Down
drop table usage_ids;
drop table usage_run;
drop table usage_cut;
drop table usage_segment;
