#include "engine/http/multipart.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/http/media_type.h"

namespace tideway::http {
namespace {

std::string lines(std::initializer_list<std::string_view> texts) {
    std::string out;
    for (const std::string_view text : texts) {
        out += text;
        out += "\r\n";
    }
    return out;
}

TEST(MediaType, IsReadWithItsParameters) {
    const MediaType type =
        parse_media_type("Multipart/Form-Data; Boundary=\"a;b \\\"c\\\"\" ; charset = UTF-8;x");
    EXPECT_EQ(type.name, "multipart/form-data");
    EXPECT_EQ(type.parameter("boundary"), "a;b \"c\"");
    EXPECT_EQ(type.parameter("charset"), "UTF-8");
    EXPECT_EQ(type.parameter("x"), "");
}

TEST(MediaType, IsReadAsFarAsItIsRight) {
    EXPECT_EQ(parse_media_type("").name, "");
    EXPECT_EQ(parse_media_type(";;;=;").name, "");
    EXPECT_EQ(parse_media_type("a/b; boundary=\"open").parameter("boundary"), "open");
    EXPECT_EQ(parse_media_type("a/b; boundary=\"").parameter("boundary"), "");
    EXPECT_EQ(parse_media_type("a/b; x=1; x=2").parameter("x"), "1");
}

TEST(MediaType, KnowsJsonAndText) {
    EXPECT_TRUE(parse_media_type("application/json; charset=utf-8").is_json());
    EXPECT_TRUE(parse_media_type("application/problem+json").is_json());
    EXPECT_FALSE(parse_media_type("application/jsonp").is_json());
    EXPECT_TRUE(parse_media_type("text/csv").is_text());
    EXPECT_TRUE(parse_media_type("application/atom+xml").is_text());
    EXPECT_FALSE(parse_media_type("image/png").is_text());
}

TEST(Multipart, HasItsPartsWithNamesHeadersAndBytes) {
    const std::string body = lines(
        {"a preamble that means nothing",
         "--B",
         "Content-Disposition: form-data; name=\"note\"",
         "",
         "two",
         "lines",
         "--B  ",
         "content-disposition: form-data; name=file; filename=\"a.bin\"",
         "Content-Type: image/png",
         "",
         "--B is no boundary",
         "--B",
         "",
         "",
         "--B--",
         "an epilogue"}
    );
    const auto parts = parse_multipart(body, "B");
    ASSERT_TRUE(parts) << parts.error().text();
    ASSERT_EQ(parts->size(), 3U);
    EXPECT_EQ(parts->at(0).name, "note");
    EXPECT_EQ(parts->at(0).body, "two\r\nlines");
    EXPECT_EQ(parts->at(1).name, "file");
    EXPECT_EQ(parts->at(1).file_name, "a.bin");
    EXPECT_EQ(parts->at(1).headers.get_or("content-type", ""), "image/png");
    EXPECT_EQ(parts->at(1).body, "--B is no boundary");
    EXPECT_EQ(parts->at(2).name, "");
    EXPECT_EQ(parts->at(2).body, "");
}

TEST(Multipart, MayHaveNoParts) {
    const auto parts = parse_multipart("--B--", "B");
    ASSERT_TRUE(parts) << parts.error().text();
    EXPECT_TRUE(parts->empty());
}

struct Broken {
    const char* what;
    std::string body;
    std::string boundary;
};

class BrokenMultipart : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenMultipart, IsRefused) {
    const auto parts = parse_multipart(GetParam().body, GetParam().boundary);
    ASSERT_FALSE(parts) << GetParam().what;
    EXPECT_EQ(parts.error().code, "InvalidMultipart");
    EXPECT_EQ(parts.error().kind, ErrorKind::kInvalidInput);
}

INSTANTIATE_TEST_SUITE_P(
    Multipart,
    BrokenMultipart,
    ::testing::Values(
        Broken{"no boundary", "--B\r\n\r\nx\r\n--B--", ""},
        Broken{"a long boundary", "--B", std::string(71, 'B')},
        Broken{"another boundary", "--A\r\n\r\nx\r\n--A--\r\n", "B"},
        Broken{"nothing", "", "B"},
        Broken{"no end", "--B\r\n\r\nx\r\n", "B"},
        Broken{"no end after the first line", "--B\r\n", "B"},
        Broken{"bare line feeds", "--B\n\nx\n--B--\n", "B"},
        Broken{"headers without an end", "--B\r\nA: b\r\n--B--\r\n", "B"},
        Broken{"two boundaries on end", "--B\r\n--B--\r\n", "B"},
        Broken{"a header without a name", "--B\r\n: b\r\n\r\nx\r\n--B--\r\n", "B"},
        Broken{"a header without a colon", "--B\r\nwords\r\n\r\nx\r\n--B--\r\n", "B"},
        Broken{
            "long headers",
            "--B\r\nA: " + std::string(limits::kPartHeaderBytesMax, 'x') + "\r\n\r\n\r\n--B--\r\n",
            "B"}
    )
);

TEST(Multipart, HasABoundedNumberOfParts) {
    std::string body;
    for (std::size_t i = 0; i < limits::kFormPartsMax; ++i) {
        body += "--B\r\n\r\n\r\n";
    }
    EXPECT_EQ(parse_multipart(body + "--B--", "B")->size(), limits::kFormPartsMax);
    EXPECT_FALSE(parse_multipart(body + "--B\r\n\r\n\r\n--B--", "B"));
}

}  // namespace
}  // namespace tideway::http
