-- souk:works-from 210
-- +goose Up

-- Up to which step of the schema the node's program knows it: what it cannot work on is not made while it lives.
alter table node add column schema bigint not null default 0;

-- +goose Down
alter table node drop column schema;
