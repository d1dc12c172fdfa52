-- +goose Up

-- How much of what was bought in advance, or of a budget, was used when that was last told: of one limit in one period.
create table usage_threshold (
    license_id text   not null,
    dimension  text   not null,
    kind       text   not null, -- entitlement or budget
    period     text   not null,
    most       text   not null,
    percent    bigint not null,
    at_us      bigint not null,
    primary key (license_id, dimension, kind, period, most)
);

-- +goose Down
drop table usage_threshold;
