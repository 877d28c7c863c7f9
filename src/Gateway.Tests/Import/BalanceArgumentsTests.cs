using Gateway.Commands;
using Gateway.Import;
using Gateway.Import.Balance;

namespace Gateway.Tests.Import;

public class BalanceArgumentsTests
{
    [Fact]
    public void Parse_ArticleOfBalance_GroupsAndLimits()
    {
        var call = Parse("8080", "web1", "web2::16", "!", "backup:8081");

        Assert.Equal(8080, call.Port);
        Assert.Equal(2, call.Groups.Count);
        Assert.Equal([new("web1", 8080, 0), new("web2", 8080, 16)], call.Groups[0].Channels);
        Assert.Equal([new("backup", 8081, 0)], call.Groups[1].Channels);
        Assert.False(call.Groups[0].IsHash);
    }

    [Theory]
    [InlineData("-at3 -T 60 -H6 -b 192.0.2.1 http a %")]
    [InlineData("http a % -H -6 -a -t 3 -T60 -b192.0.2.1")]
    public void Parse_Options_AsGetoptReadsThem(string arguments)
    {
        var call = Parse(arguments.Split(' '));

        Assert.Equal((80, "192.0.2.1", true, true, true),
            (call.Port, call.Address, call.IsIPv6, call.HashFailsOver, call.DisablesFailed));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(60)), (call.ConnectTimeout, call.IdleTimeout));
        Assert.True(Assert.Single(call.Groups).IsHash);
    }

    [Theory]
    [InlineData("[::1]", "[::1]", 80, 0)]
    [InlineData("[::1]:81", "[::1]", 81, 0)]
    [InlineData("[::1]::5", "[::1]", 80, 5)]
    [InlineData("web:https:7", "web", 443, 7)]
    [InlineData("web:", "web", 80, 0)]
    public void Parse_Channel_HasItsParts(string word, string host, int port, int limit) =>
        Assert.Equal(new BalanceChannel(host, port, limit), Parse("80", word).Groups[0].Channels[0]);

    [Theory]
    [InlineData("", "port to listen on is missing")]
    [InlineData("80", "No channel is named")]
    [InlineData("80 !", "No channel is named")]
    [InlineData("0 web", "neither a port")]
    [InlineData("80 web:70000", "no channel")]
    [InlineData("80 ::1", "no channel")]
    [InlineData("80 web --scheduler best", "no scheduler")]
    [InlineData("80 web --colour", "no option")]
    [InlineData("80 web --save", "needs a value")]
    [InlineData("80 web -x", "no option of balance")]
    public void Parse_Wrong_SaysWhat(string arguments, string why)
    {
        Assert.Null(BalanceArguments.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), isOurs: true, out var errors));
        Assert.Contains(why, string.Join(' ', errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-t 3600 -T 86400 80 web", 3600, 86400, "")]
    [InlineData("-t 3601 -T 172800 80 web", 3600, 172800, "-t: an hour at most")]
    [InlineData("-T 9000000 80 web", 5, 2073600, "-T: 24 days at most; 0 is never")]
    public void Parse_LongTimes_AreCutAndTold(string arguments, int connect, int idle, string told)
    {
        var call = Parse(arguments.Split(' '));

        Assert.Equal((connect, idle), ((int)call.ConnectTimeout.TotalSeconds, (int)call.IdleTimeout.TotalSeconds));
        Assert.Equal(told, string.Join(';', call.Remarks.Select(remark => remark.Note)));
    }

    [Fact]
    public void Json_TimesWithHttp_AreThoseOfTheCluster()
    {
        var json = BalanceCommand.Json(Parse("--http", "-t", "7", "-T", "60", "80", "web"), isManaged: true, out _);

        Assert.Contains("\"ConnectTimeout\": \"00:00:07\"", json, StringComparison.Ordinal);
        Assert.Contains("\"HttpRequest\": { \"ActivityTimeout\": \"00:01:00\" }", json, StringComparison.Ordinal);
    }

    // Each wants the same name.
    [Fact]
    public void Import_OneCallForEveryPort_GivesEachACluster()
    {
        var text = string.Join('\n', Enumerable.Range(1, 65535).Select(port => $"balance {port} web"));

        var result = ImportCases.Import(text, "balance", "many");

        Assert.DoesNotContain(result.Report.Rows, row => row.Verdict != Verdict.Same);
        Assert.Contains("\"balance-65535\"", result.Configuration, StringComparison.Ordinal);
    }

    private static BalanceCall Parse(params string[] arguments)
    {
        var call = BalanceArguments.Parse(arguments, isOurs: true, out var errors);
        Assert.True(call is not null, string.Join(' ', errors));
        return call;
    }
}
