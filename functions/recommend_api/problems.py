"""Errors as problem details (RFC 9457)."""

import json
from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.metrics import MetricUnit

from retailrec_shared.observability import logger, metrics


def problem(status: HTTPStatus, detail: str, field: str | None = None) -> Response[str]:
    """Build a problem body: type, title, status, detail, and the field at fault where there is one."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    if field:
        body["field"] = field
    return Response(status.value, content_type="application/problem+json", body=json.dumps(body))


def register(api: APIGatewayRestResolver) -> None:
    """Make the API answer its errors as problems."""

    @api.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def invalid(error: RequestValidationError) -> Response[str]:
        first = error.errors()[0]
        field = str(first["loc"][-1])
        return problem(HTTPStatus.BAD_REQUEST, f"{field}: {first['msg']}", field)

    @api.not_found
    def missing(error: NotFoundError) -> Response[str]:
        no_route = error.msg == NotFoundError().msg
        return problem(HTTPStatus.NOT_FOUND, "There is nothing at this path." if no_route else str(error.msg))

    @api.exception_handler(ServiceError)  # type: ignore[untyped-decorator]
    def refused(error: ServiceError) -> Response[str]:
        return problem(HTTPStatus(error.status_code), str(error.msg))

    @api.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def broken(_error: Exception) -> Response[str]:
        logger.exception("request failed")
        metrics.add_metric(name="ApiErrors", unit=MetricUnit.Count, value=1)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The request could not be answered; try again.")
