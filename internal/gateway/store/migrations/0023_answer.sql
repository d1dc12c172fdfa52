-- +goose Up
create table answer (
    name         text primary key,
    request      text not null,
    status       bigint not null, -- 0 while the request is being worked on
    content_type text not null,
    location     text not null,
    body         text not null,
    until_us     bigint not null
);
create index answer_by_end on answer (until_us);

-- +goose Down
drop table answer;
