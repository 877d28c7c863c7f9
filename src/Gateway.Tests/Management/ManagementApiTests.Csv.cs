using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <content>The statistics in the form of HAProxy's.</content>
public sealed partial class ManagementApiTests
{
    [Fact]
    public async Task StatsCsv_HasHAProxysColumns()
    {
        await _gateway.Gateway.Client.GetStringAsync("/");

        var lines = (await _gateway.Api.GetStringAsync("/stats;csv")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var columns = lines[0].TrimStart('#', ' ').Split(',');
        Assert.Equal(["pxname", "svname", "qcur"], columns[..3]);
        var rows = lines[1..].Select(line => columns.Zip(line.Split(',')).DistinctBy(p => p.First).ToDictionary(p => p.First, p => p.Second)).ToList();
        Assert.Equal(["FRONTEND", "a", "b", "BACKEND"], rows.Select(row => row["svname"]));
        Assert.Equal(("UP", "3", "1", "2"), (rows[1]["status"], rows[1]["weight"], rows[1]["stot"], rows[1]["type"]));
        Assert.All(lines, line => Assert.Equal(columns.Length, line.Split(',').Length));
    }

    [Fact]
    public async Task StatsCsv_HasAFrontendForEachRoute_ThatCountsItsRequests()
    {
        // Counting begins with the first who asks.
        Assert.Contains("all,FRONTEND,", await _gateway.Api.GetStringAsync("/stats;csv"), StringComparison.Ordinal);
        await _gateway.Gateway.Client.GetStringAsync("/");
        await _gateway.Gateway.Client.GetStringAsync("/");

        await Eventually.TrueAsync(
            async () =>
            {
                var lines = (await _gateway.Api.GetStringAsync("/stats;csv")).Split('\n');
                var columns = lines[0][2..].Split(',');
                var row = columns.Zip(lines[1].Split(',')).DistinctBy(p => p.First).ToDictionary(p => p.First, p => p.Second);
                return (row["pxname"], row["svname"], row["status"], row["type"], row["mode"], row["stot"], row["req_tot"], row["hrsp_2xx"], row["hrsp_5xx"])
                    == ("all", "FRONTEND", "OPEN", "0", "http", "2", "2", "2", "0");
            },
            "both requests are counted");
    }

    [Theory]
    [InlineData("/stats;csv;norefresh", "a b BACKEND")]
    [InlineData("/stats;norefresh;csv", "a b BACKEND")]
    [InlineData("/haproxy;csv", "a b BACKEND")]
    [InlineData("/;csv;norefresh", "a b BACKEND")]
    [InlineData("/stats;csv;no-maint", "b BACKEND")]
    [InlineData("/stats;up;csv", "b BACKEND")]
    public async Task StatsCsv_UnderstandsWhatHAProxyDoes(string path, string servers)
    {
        await _gateway.PostAsync("clusters/web/destinations/a/maintenance");

        var lines = (await _gateway.Api.GetStringAsync(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(servers, string.Join(' ', lines.Skip(2).Select(line => line.Split(',')[1])));
        Assert.Equal(servers[0] == 'a', lines.Any(line => line.Contains("MAINT", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/stats")]
    [InlineData("/stats;csvx")]
    [InlineData("/stats;norefresh")]
    [InlineData("/other;csv")]
    public async Task StatsCsv_NothingElse(string path)
    {
        using var answer = await _gateway.Api.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [NeedsFact("haproxy")]
    public async Task StatsCsv_BeginsAsARealHAProxysDoes()
    {
        var stats = FreePort.On(IPAddress.Loopback);
        await using var haproxy = await HAProxy.StartAsync(
            "", $"server s 127.0.0.1:1\nlisten stats\n  mode http\n  bind 127.0.0.1:{stats}\n  stats enable\n  stats uri /stats");
        var theirs = (await _gateway.Api.GetStringAsync($"http://127.0.0.1:{stats}/stats;csv")).Split('\n')[0].Split(',');

        var ours = (await _gateway.Api.GetStringAsync("/stats;csv")).Split('\n')[0].Split(',', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(theirs[..ours.Length], ours);
    }
}
