using System.Net;
using Gateway.Management.Access;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Management;

public class RequestOriginTests
{
    [Theory]
    [InlineData("localhost:3636", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1:3636", true)]
    [InlineData("[::1]:3636", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("gateway.example", true)]
    [InlineData("localhost.example", false)]
    [InlineData("x.localhost", false)]
    [InlineData("rebound.example:3636", false)]
    [InlineData("", false)]
    public void IsOurHost_ByAPublishedPort_IsToldByTheNameAlone(string host, bool isOurs)
    {
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString(host);
        context.Connection.LocalIpAddress = IPAddress.Parse("172.17.0.2");

        Assert.Equal(isOurs, RequestOrigin.IsOurHost(context, ["gateway.example"]));
    }
}
