using System.Diagnostics;
using Gateway.Telemetry;

namespace Gateway.Tests.Telemetry;

public sealed class TraceNamingTests
{
    [Theory]
    [InlineData("/api/{id}", 200, "POST /api/{id}", ActivityStatusCode.Unset, null)]
    [InlineData(null, 404, "POST", ActivityStatusCode.Unset, null)]
    [InlineData("/", 503, "POST /", ActivityStatusCode.Error, "503")]
    [InlineData("/", 0, "POST /", ActivityStatusCode.Error, "aborted")]
    public void Complete_RouteAndStatus_AreOnTheSpan(
        string? route, int status, string name, ActivityStatusCode code, string? error)
    {
        using var span = new Activity("in") { IsAllDataRequested = true };
        span.SetTag("http.request.method", "POST");

        TraceNaming.Complete(span, route, status);

        Assert.Equal(name, span.DisplayName);
        Assert.Equal(route, span.GetTagItem("http.route"));
        Assert.Equal(status == 0 ? null : status, span.GetTagItem("http.response.status_code"));
        Assert.Equal(code, span.Status);
        Assert.Equal(error, span.GetTagItem("error.type"));
    }

    [Theory]
    [InlineData("/{id}", "HTTP /{id}")]
    [InlineData(null, "HTTP")]
    public void Complete_MethodThatIsNotWellKnown_IsHttpInTheName(string? route, string name)
    {
        using var span = new Activity("in") { IsAllDataRequested = true };
        span.SetTag("http.request.method", "_OTHER");

        TraceNaming.Complete(span, route, 200);

        Assert.Equal(name, span.DisplayName);
        Assert.Equal("_OTHER", span.GetTagItem("http.request.method"));
    }

    [Fact]
    public void Complete_ErrorTypeAlreadySaid_IsKept()
    {
        using var span = new Activity("in") { IsAllDataRequested = true };
        span.SetTag("error.type", "connect_refused");

        TraceNaming.Complete(span, "/", 502);

        Assert.Equal("connect_refused", span.GetTagItem("error.type"));
    }

    [Fact]
    public void Complete_SpanNotRecorded_IsLeftAlone()
    {
        using var span = new Activity("in") { IsAllDataRequested = false };

        TraceNaming.Complete(span, "/", 200);
        TraceNaming.Complete(null, "/", 200);

        Assert.Equal("in", span.DisplayName);
    }
}
