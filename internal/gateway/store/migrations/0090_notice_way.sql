-- +goose Up
-- How a notice reached the gateway first; all that are there came by the queue.
alter table notice add column way text not null default 'queue';

-- +goose Down
alter table notice drop column way;
