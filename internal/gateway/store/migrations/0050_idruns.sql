-- +goose Up

-- Runs of ids are merged, so a run has a beginning; and a filter may be large, so it lies in pieces beside the run's
-- chunks, numbered -1, -2, …
alter table usage_run add column first_us bigint not null default 0;
update usage_run set first_us = last_us;

-- +goose Down
delete from usage_ids where chunk < 0;
alter table usage_run drop column first_us;
