"""What wakes a function is parsed at the edge."""

import pytest

from retailrec_shared.core.triggers import ModelPackageChanged


@pytest.mark.parametrize(
    "detail",
    [
        {"ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/shop-0123"},
        {"ModelPackageName": "shop-0123"},
        {
            "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/shop-0123",
            "ModelPackageName": "shop-0123",
        },
    ],
)
def test_a_model_package_is_named_by_its_arn_or_its_name(detail: dict[str, str]) -> None:
    assert ModelPackageChanged.model_validate({"detail": detail}).detail.name == "shop-0123"
