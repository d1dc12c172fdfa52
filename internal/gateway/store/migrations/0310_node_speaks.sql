-- souk:works-from 260
-- +goose Up

-- How much of what nodes say to each other the node's program understands: nobody in between can tell that it is less.
alter table node add column speaks bigint not null default 0;

-- +goose Down
alter table node drop column speaks;
