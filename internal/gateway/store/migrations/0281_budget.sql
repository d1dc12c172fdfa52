-- souk:works-from 280
-- +goose Up

-- What a customer wants to be told of in a month: units of a dimension or, where dimension is '', money of a currency.
create table customer_budget (
    license_id text   not null,
    dimension  text   not null,
    most       text   not null,
    currency   text   not null,
    set_by     text   not null,
    at_us      bigint not null,
    primary key (license_id, dimension)
);

-- +goose Down
drop table customer_budget;
