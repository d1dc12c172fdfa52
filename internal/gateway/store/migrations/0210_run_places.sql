-- +goose Up

-- Whether a run's ids say in which segments their events are, where those of before have the second half of a longer print.
alter table usage_run add column places boolean not null default false;

-- +goose Down
-- Versions of before then take a repetition of such an id for a conflict: nothing is counted twice.
alter table usage_run drop column places;
