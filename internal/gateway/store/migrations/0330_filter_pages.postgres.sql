-- +goose Up

-- Filters of ids lie in pages, of which only some are in memory: lines is how many lines they have together. Chunks have equal shares
-- of all keys, so that the first key of each need not be in memory; and a run knows which hours its ids name. Runs of before have 0 of
-- the first two, and null for the last.
alter table usage_run add column chunks bigint not null default 0;
alter table usage_run add column lines bigint not null default 0;
alter table usage_run add column hours bytea;

-- A page of a filter stays in its row: beside it, it would take three times the reads.
alter table usage_ids set (toast_tuple_target = 4096);

-- +goose Down
alter table usage_ids reset (toast_tuple_target);
-- Versions of before cannot read such runs. They are the newest, so that those versions read their ids from the log again.
delete from usage_run where lines > 0;
delete from usage_ids where not exists (select 1 from usage_run r where r.part = usage_ids.part and r.run = usage_ids.run);
alter table usage_run drop column hours;
alter table usage_run drop column lines;
alter table usage_run drop column chunks;
