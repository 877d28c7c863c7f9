using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Management;

/// <summary>The configuration editor in a real Chromium: virtual servers, probes, schedulers and versions.</summary>
public sealed class EditorPagesTests(Chromium chromium) : PageTests(chromium)
{
    private Cluster Web => Gateway.Gateway.Store.Current.FindCluster("web")!;

    [NeedsFact("chromium")]
    public async Task VirtualServer_IsAdded_AndServes()
    {
        var port = FreePort.On(IPAddress.Loopback);
        var page = await OpenAsync("/configuration?kind=virtual-servers");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("l4");
        var cluster = Field(page, "VirtualServers:l4:ClusterId");
        await cluster.FillAsync("nowhere");
        await Field(page, "VirtualServers:l4:Listen").FillAsync($"127.0.0.1:{port}");
        await Assertions.Expect(cluster).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(PutInForce(page)).ToBeDisabledAsync();
        await cluster.FillAsync("web");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync($"VirtualServers:l4:Listen:0: not set → 127.0.0.1:{port}");
        await AssertAccessibleAsync(page);
        await ApplyAsync(page);

        await Assertions.Expect(page.Locator("#about")).ToHaveTextAsync("virtual server l4");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        using var answer = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 200", await answer.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Probe_IsCheckedAsOneTypes_AndLooksAtTheDestinations()
    {
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        await Summary(page, "Probe").ClickAsync();
        await Field(page, "ReverseProxy:Clusters:web:Probe:Kind").SelectOptionAsync("http");
        var interval = Field(page, "ReverseProxy:Clusters:web:Probe:Interval");
        await interval.FillAsync("soon");
        await Assertions.Expect(interval).ToHaveAttributeAsync("aria-invalid", "true");
        await interval.FillAsync("00:00:04");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Probe:Kind: not set → http");
        await ApplyAsync(page);

        Assert.Equal(("http", TimeSpan.FromSeconds(4)), (Web.Options.Probe!.Kind, Web.Options.Probe.Interval));
        await page.GotoAsync(Url("/clusters/web"));
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=probe]")).ToContainTextAsync("passed");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Scheduler_IsChanged_AndAVersionBroughtBack()
    {
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        await ScheduleAsync(page, "mh");
        await Summary(page, "Scheduler").ClickAsync();
        await Field(page, "ReverseProxy:Clusters:web:Scheduler:Key").FillAsync("host+path");
        await ApplyAsync(page);
        await Assertions.Expect(page.Locator("#versions th")).ToHaveTextAsync(["1"]);
        Assert.Equal(("mh", "host+path"), (Web.Options.Scheduler.Name, Web.Options.Scheduler.Key));
        await ScheduleAsync(page, "rr");
        await ApplyAsync(page);
        await Assertions.Expect(page.Locator("#versions th")).ToHaveTextAsync(["2", "1"]);
        Assert.Equal("rr", Web.Options.Scheduler.Name);

        // With time to confirm, as any other change.
        await page.GetByLabel("Roll back unless confirmed in seconds").FillAsync("60");
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore version 1" }).ClickAsync();
        await Assertions.Expect(page.Locator("#pending")).ToBeVisibleAsync();
        await Assertions.Expect(Field(page, "ReverseProxy:Clusters:web:LoadBalancingPolicy")).ToHaveValueAsync("mh");
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();

        await Assertions.Expect(page.Locator("#versions th")).ToHaveTextAsync(["3", "2", "1"]);
        await Assertions.Expect(page.Locator("#versions tr").First).ToContainTextAsync("version 1 restored");
        Assert.Equal("mh", Web.Options.Scheduler.Name);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Lists_WhatNobodyTouched_StaysAsItIs()
    {
        await Gateway.DisposeAsync();
        Gateway = await ManagedGateway.StartAsync(Configuration.Replace("\"LoadBalancingPolicy\": \"wrr\",", """
            "LoadBalancingPolicy": "wrr",
            "Probe": { "Kind": "command", "Command": [ "/bin/true", " a ", "", "b\nc", "[1]" ], "Expect": "x\r\ny" },
            """, StringComparison.Ordinal));
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        await ScheduleAsync(page, "rr");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Right. 1 values differ");

        // Where lines would lose something the value stands as JSON, and what is touched is read as that.
        await Assertions.Expect(Field(page, "ReverseProxy:Clusters:web:Probe:Command")).ToHaveValueAsync(
            """
            [
              "/bin/true",
              " a ",
              "",
              "b\nc",
              "[1]"
            ]
            """);
        var expect = Field(page, "ReverseProxy:Clusters:web:Probe:Expect");
        await expect.FillAsync((await expect.InputValueAsync()).Replace('y', 'z'));
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Right. 2 values differ");
        await ApplyAsync(page);

        Assert.Equal("x\r\nz", Web.Options.Probe!.Expect);
        Assert.Equal(["/bin/true", " a ", "", "b\nc", "[1]"], Web.Options.Probe.Command);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task List_ThatBeginsWithABracket_IsAListOfWords()
    {
        var port = FreePort.On(IPAddress.IPv6Loopback);
        var page = await OpenAsync("/configuration?kind=virtual-servers");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("l6");
        await Field(page, "VirtualServers:l6:ClusterId").FillAsync("web");
        await Field(page, "VirtualServers:l6:Listen").FillAsync($"[::1]:{port}\n127.0.0.1:{port}");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync($"VirtualServers:l6:Listen:0: not set → [::1]:{port}");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync($"VirtualServers:l6:Listen:1: not set → 127.0.0.1:{port}");
        await ApplyAsync(page);

        await page.ReloadAsync();
        await Assertions.Expect(Field(page, "VirtualServers:l6:Listen")).ToHaveValueAsync($"[::1]:{port}\n127.0.0.1:{port}");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Change_OfSomebodyElseMeanwhile_IsToldAndKept()
    {
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        await Assertions.Expect(page.Locator("#about")).ToHaveTextAsync("cluster web");
        await PatchAsync("""{ "Destinations": { "b": { "Weight": 5 } } }""");

        // Found by the check, while one types.
        await ScheduleAsync(page, "rr");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Changed meanwhile by somebody else");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("ReverseProxy:Clusters:web:Destinations:b:Weight: not set → 5");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Right. 1 values differ");
        await AssertAccessibleAsync(page);

        // Found when it is put in force.
        await PatchAsync("""{ "LoadBalancingPolicy": "lc" }""");
        await page.GetByLabel("Roll back unless confirmed in seconds").FillAsync("0");
        await PutInForce(page).ClickAsync();
        await Assertions.Expect(page.Locator("#messages")).ToContainTextAsync("Nothing has changed: somebody else");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("LoadBalancingPolicy: lc → rr");
        Assert.Equal("lc", Web.Options.Scheduler.Name);
        await ApplyAsync(page);

        Assert.Equal(("rr", 5), (Web.Options.Scheduler.Name, Web.Find("b")!.Weight));
        Assert.Empty(Complaints);
    }

    private async Task PatchAsync(string cluster)
    {
        var (status, _) = await Gateway.SendAsync(HttpMethod.Patch, "configuration", $$"""{ "ReverseProxy": { "Clusters": { "web": {{cluster}} } } }""");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    private static async Task ScheduleAsync(IPage page, string name)
    {
        await Field(page, "ReverseProxy:Clusters:web:LoadBalancingPolicy").FillAsync(name);
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync($"→ {name}");
    }

    /// <summary>Puts what is in the form in force, to stay.</summary>
    private static async Task ApplyAsync(IPage page)
    {
        await page.GetByLabel("Roll back unless confirmed in seconds").FillAsync("0");
        await PutInForce(page).ClickAsync();
        await Assertions.Expect(page.Locator("#messages")).ToContainTextAsync("In force as version");
        await Assertions.Expect(PutInForce(page)).ToBeDisabledAsync();
    }

    private static ILocator PutInForce(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Put in force" });

    private static ILocator Field(IPage page, string path) => page.Locator($"[data-path='{path}']");

    /// <summary>What opens a section of the thing that is edited.</summary>
    private static ILocator Summary(IPage page, string section) =>
        page.Locator("#fields > div > details > summary").GetByText(section, new() { Exact = true });
}
