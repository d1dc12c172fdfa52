-- souk:works-from 230
-- +goose Up

-- What a next version might add: a column that programs of before leave at its default, and a table that they do not know.
alter table account add column next_word text not null default '';
create table next_table (
    id   text primary key,
    word text not null
);

-- +goose Down
drop table next_table;
alter table account drop column next_word;
