#!/usr/bin/env bash
# A day of a team over REST, step by step. It needs curl, Node and a server in development mode:
#
#   npm start                      # in another terminal
#   examples/rest-walk.sh [URL]    # http://localhost:8000 by default
set -euo pipefail

API="${1:-http://localhost:8000}/api/v1"
TOKEN=
RUN=$(date +%s)$RANDOM # makes names that no earlier run has used

# step TITLE: prints a heading.
step() { printf '\n\033[1m%s\033[0m\n' "$1"; }
# field PATH: prints a member of the JSON on standard input.
field() { node -pe "JSON.parse(require('fs').readFileSync(0, 'utf8')).$1"; }
# call METHOD PATH [BODY] [CURL OPTION …]: sends JSON, prints the answer, and fails for an error.
call() {
  local method=$1 path=$2 body=${3:-}
  shift $(($# < 3 ? $# : 3))
  curl -sS --fail-with-body -X "$method" "$API$path" ${TOKEN:+-H "Authorization: Bearer $TOKEN"} \
    ${body:+-H 'Content-Type: application/json' -d "$body"} "$@"
}

step 'Register, with an organization'
VERIFY=$(call POST /auth/register '{
  "email": "ada.'"$RUN"'@example.com", "username": "ada'"$RUN"'", "fullName": "Ada Lovelace",
  "password": "correct horse battery", "organizationName": "Analytical Engines '"$RUN"'"
}' | field verificationToken)

step 'Verify the address, and sign in'
call POST /auth/verify-email '{ "token": "'"$VERIFY"'" }' >/dev/null
SESSION=$(call POST /auth/login '{
  "login": "ada.'"$RUN"'@example.com", "password": "correct horse battery", "tokenTransport": "body"
}')
TOKEN=$(field accessToken <<<"$SESSION")
ADA=$(field user.id <<<"$SESSION")
call GET /organizations/me | field name

step 'A team and a project'
TEAM=$(call POST /teams '{ "name": "Mill" }' | field id)
PROJECT=$(call POST /projects '{ "key": "ENGINE", "name": "Difference engine", "leadId": "'"$ADA"'" }' | field id)

step 'Tags, and tasks with tags and assignees'
TAG=$(call POST /tags '{ "name": "brass", "color": "#b5a642" }' | field id)
TASK=$(call POST /tasks '{
  "title": "Cut the gear wheels", "description": "Forty teeth each.", "priority": "high", "estimatedHours": 6,
  "projectId": "'"$PROJECT"'", "teamId": "'"$TEAM"'", "tagIds": ["'"$TAG"'"], "assigneeIds": ["'"$ADA"'"]
}' -H "Idempotency-Key: walk-$RUN")
FIRST=$(field id <<<"$TASK")
KEY=$(field key <<<"$TASK")
echo "$KEY"
SECOND=$(call POST /tasks '{ "title": "Polish the axes", "projectId": "'"$PROJECT"'" }' | field id)
call PUT "/tasks/$SECOND/blocked-by/$FIRST" >/dev/null

step 'A comment that mentions somebody'
call POST "/tasks/$KEY/comments" '{ "body": "@ada'"$RUN"' the drawings are attached." }' | field body

step 'Attach a file, and read it again'
FILE=$(mktemp)
trap 'rm -f "$FILE"' EXIT
printf 'part,teeth\nwheel,40\n' >"$FILE"
ATTACHMENT=$(call POST "/tasks/$KEY/attachments" '' -F "file=@$FILE;filename=wheels.csv;type=text/csv" | field id)
call GET "/attachments/$ATTACHMENT/content"

step 'Start both tasks in one call'
call POST /tasks/bulk-update '{
  "ids": ["'"$FIRST"'", "'"$SECOND"'"], "changes": { "status": "in_progress" }
}' | field succeeded
call PATCH "/tasks/$KEY" '{ "status": "done", "actualHours": 5 }' | field completedAt

step 'The history of a task, and what happened in the organization'
call GET "/tasks/$KEY/history" | field 'data.map(({ action, fromStatus, toStatus }) => [action, fromStatus, toStatus].join(" ")).join("\n")'
call GET '/activity?limit=5' | field 'data.map(({ summary }) => summary).join("\n")'

step 'Figures'
call GET /analytics/tasks
echo
call GET /analytics | field efficiencyScore
