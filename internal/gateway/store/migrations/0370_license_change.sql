-- souk:works-from 312
-- +goose Up

-- In which transaction a licence, or what is known of its entitlements, was changed last: nodes that stand by remember both, and read
-- again what has changed. Only PostgreSQL has any, because nobody stands by on SQLite.
create table license_change (
    license_id text   primary key,
    xact       bigint not null -- the transaction's number, which grows
);

create index license_change_xact on license_change (xact);

-- +goose Down
drop table license_change;
