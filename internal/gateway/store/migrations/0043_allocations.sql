-- +goose Up

-- How the record's quantity falls apart by tags, as AWS is told: a JSON array, or empty.
alter table metering_record add column allocations text not null default '';

-- +goose Down
alter table metering_record drop column allocations;
