-- souk:works-from 312
-- +goose Up

-- Which browser somebody is signed in with, in words, such as Firefox on Windows; '' of who signed in before this step.
alter table session add column browser text not null default '';
alter table operator_session add column browser text not null default '';

-- +goose Down
alter table operator_session drop column browser;
alter table session drop column browser;
