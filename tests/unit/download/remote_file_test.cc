// Which requests addresses become.
#include "download/remote_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "unit/config/environment_of.h"

namespace virnucpro {
namespace {

std::string error_of(const std::string& address, const Environment& environment) {
  try {
    remote_file(address, environment);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(RemoteFile, OverHttpsIsItsAddressAndIsNamedWithoutASignature) {
  const RemoteFile file = remote_file("https://host/a.fa?X-Signature=secret", environment_of({}));
  EXPECT_EQ(file.url, "https://host/a.fa?X-Signature=secret");
  EXPECT_EQ(file.name, "https://host/a.fa");
  EXPECT_FALSE(file.may_be_http);
  EXPECT_TRUE(file.token.empty());
  EXPECT_TRUE(file.keys.id.empty());
}

TEST(RemoteFile, OnS3IsAtTheEndpointOfItsRegionUnlessAnotherIsNamed) {
  const RemoteFile open = remote_file("s3://bucket/a folder/x+y.fq.gz", environment_of({}));
  EXPECT_EQ(open.url, "https://s3.us-east-1.amazonaws.com/bucket/a%20folder/x%2By.fq.gz");
  EXPECT_TRUE(open.keys.id.empty());
  const RemoteFile keyed =
      remote_file("s3://bucket/a.fa", environment_of({{"AWS_ACCESS_KEY_ID", "id"},
                                                      {"AWS_SECRET_ACCESS_KEY", "secret"},
                                                      {"AWS_SESSION_TOKEN", "session"},
                                                      {"AWS_DEFAULT_REGION", "eu-west-1"}}));
  EXPECT_EQ(keyed.url, "https://s3.eu-west-1.amazonaws.com/bucket/a.fa");
  EXPECT_EQ(keyed.keys.id, "id");
  EXPECT_EQ(keyed.keys.secret, "secret");
  EXPECT_EQ(keyed.keys.session, "session");
  EXPECT_EQ(keyed.keys.region, "eu-west-1");
  EXPECT_FALSE(keyed.may_be_http);
  const RemoteFile own = remote_file(
      "s3://bucket/a.fa", environment_of({{"AWS_ENDPOINT_URL", "https://other"},
                                          {"AWS_ENDPOINT_URL_S3", "http://minio:9000/"}}));
  EXPECT_EQ(own.url, "http://minio:9000/bucket/a.fa");
  EXPECT_TRUE(own.may_be_http);
}

TEST(RemoteFile, OnGoogleIsReadWithAToken) {
  const RemoteFile file =
      remote_file("gs://bucket/a.fa", environment_of({{"GCS_OAUTH_TOKEN", "token"}}));
  EXPECT_EQ(file.url, "https://storage.googleapis.com/bucket/a.fa");
  EXPECT_EQ(file.token, "token");
}

TEST(RemoteFile, IsRefusedWhereAnAddressOrItsKeysAreIncomplete) {
  EXPECT_THAT(error_of("http://host/a.fa", environment_of({})),
              testing::HasSubstr("expected https://, s3:// or gs://"));
  for (const char* address : {"s3://bucket", "s3://bucket/", "s3:///a.fa"}) {
    EXPECT_THAT(error_of(address, environment_of({})),
                testing::HasSubstr("names no file; expected s3://BUCKET/NAME"));
  }
  EXPECT_THAT(error_of("s3://bucket/a.fa", environment_of({{"AWS_ACCESS_KEY_ID", "id"}})),
              testing::HasSubstr("one is set; set both, or none"));
}

}  // namespace
}  // namespace virnucpro
