"""What an example event names: by default things that exist nowhere."""

from dataclasses import dataclass

from retailrec_shared.core import names


@dataclass(frozen=True)
class Values:
    """One stack, one dropped file and its run."""

    stack: str = "retailrec"
    account: str = "123456789012"
    region: str = "us-east-1"
    raw_bucket: str = "retailrec-rawbucket-example"
    data_bucket: str = "retailrec-databucket-example"
    role_arn: str = "arn:aws:iam::123456789012:role/retailrec-SageMakerRole-EXAMPLE"
    image: str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:1"
    key: str = "online_retail_II.xlsx"
    size: int = 48913352
    etag: str = "1f2e3d4c5b6a79880f1e2d3c4b5a6978"
    # Empty for an object without versions.
    version_id: str = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
    sequencer: str = "0055AED6DCD90281E5"
    run_id: str = "0123456789abcdef"
    customers: tuple[str, ...] = ("13085", "17519")
    # Some of those that most customers buy.
    items: tuple[str, ...] = (
        "85123A", "22423", "84879", "20725", "20727", "22383", "22384", "22386",
    )  # fmt: skip

    @property
    def name(self) -> str:
        """Name of the run's training job, model and transform job alike."""
        return names.resource_name(names.resource_prefix(self.stack), self.run_id)

    @property
    def serverless_name(self) -> str:
        """Name of the model and endpoint config of the run's serverless endpoint."""
        return names.serverless_name(names.resource_prefix(self.stack), self.run_id)

    @property
    def endpoint(self) -> str:
        """Name of the stack's endpoint."""
        return f"{names.resource_prefix(self.stack)}endpoint"

    def arn(self, kind: str, name: str) -> str:
        """ARN of a SageMaker resource."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name}"

    @property
    def algorithm_arn(self) -> str:
        """ARN of a Marketplace algorithm."""
        return self.arn("algorithm", "implicit-bpr-36")

    def s3(self, relative: str) -> str:
        """Address of something that the run keeps in the data bucket."""
        return f"s3://{self.data_bucket}/{names.run_key(self.run_id, relative)}"
