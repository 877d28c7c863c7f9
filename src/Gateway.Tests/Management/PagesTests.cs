using Gateway.Management.History;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Gateway.Tests.Management;

/// <summary>The pages in a real Chromium: what operators do on them.</summary>
public sealed class PagesTests(Chromium chromium) : PageTests(chromium)
{
    [NeedsFact("chromium")]
    public async Task Overview_IsLive_AndAnOrderIsPreviewedGivenAndUndone()
    {
        var page = await OpenAsync("/");
        var row = page.Locator("tr[data-id=a]");
        await Assertions.Expect(row.Locator("[data-field=state]")).ToHaveTextAsync("ready");
        await page.GetByRole(AriaRole.Button, new() { Name = "Maintenance a of web" }).ClickAsync();
        await Assertions.Expect(page.Locator("#order output")).ToContainTextAsync("a gets 0% of new flows instead of 75%");
        await page.GetByLabel("Why").FillAsync("new kernel");
        await SaveAsync(page, "order");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();

        await Assertions.Expect(row.Locator("[data-field=state]")).ToHaveTextAsync("maintenance");
        await Assertions.Expect(row.Locator("[data-field=reason]")).ToContainTextAsync("new kernel");
        await Assertions.Expect(page.Locator("[data-cluster=web] [data-field=ready]")).ToHaveTextAsync("1 of 2");
        await AssertAccessibleAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(row.Locator("[data-field=state]")).ToHaveTextAsync("ready");
        await Gateway.Gateway.Client.GetStringAsync("/");
        await Assertions.Expect(page.Locator("[data-cluster=web] [data-field=flows]")).ToHaveTextAsync("1");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Weight_IsSet_AndUndone()
    {
        var page = await OpenAsync("/");
        var weight = page.Locator("tr[data-id=b] [data-field=weight]");
        await Assertions.Expect(weight).ToHaveTextAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Weight b of web" }).ClickAsync();
        await page.GetByLabel("Weight", new() { Exact = true }).FillAsync("9");
        await Assertions.Expect(page.Locator("#order output")).ToContainTextAsync("b gets 75% of new flows instead of 25%");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();
        await Assertions.Expect(weight).ToHaveTextAsync("9");

        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();

        await Assertions.Expect(weight).ToHaveTextAsync("1");
        Assert.Null(Gateway.Gateway.Store.Current.FindCluster("web")!.Find("b")!.Standing.PersonsWeight);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Events_ComeOnTop_AndAreChosenByKind()
    {
        var page = await OpenAsync("/events");
        await Assertions.Expect(page.Locator("body")).ToHaveAttributeAsync("data-live", "yes");
        await Gateway.PostAsync("clusters/web/destinations/a/maintenance", """{ "why": "new disk" }""");
        var orders = page.Locator("tbody[data-events] tr[data-kind=action]");
        await Assertions.Expect(orders.First).ToContainTextAsync("maintenance of web/a");
        await Assertions.Expect(orders.First).ToContainTextAsync("local from 127.0.0.1");
        await Gateway.SendAsync(HttpMethod.Patch, "configuration", """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "rr" } } } }""");
        var changes = page.Locator("tbody[data-events] tr[data-kind=configuration]");
        await Assertions.Expect(changes.First).ToContainTextAsync("LoadBalancingPolicy: wrr → rr");
        Assert.Equal("configuration", await page.Locator("tbody[data-events] tr").First.GetAttributeAsync("data-kind"));

        await page.GetByLabel("Show").SelectOptionAsync("action");

        await Assertions.Expect(orders.First).ToBeVisibleAsync();
        await Assertions.Expect(changes.First).ToBeHiddenAsync();
        await page.GetByLabel("Show").SelectOptionAsync("");
        await Assertions.Expect(changes.First).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Assertions.Expect(changes.First).ToContainTextAsync("LoadBalancingPolicy: wrr → rr");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Paths_AreLive()
    {
        var page = await OpenAsync("/clusters/web");
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=state]")).ToHaveTextAsync("ready");
        await Assertions.Expect(page.Locator("ul.paths")).ToBeHiddenAsync();

        // The kernel does not lead to a destination on the loopback interface.
        await Gateway.ReloadAsync(Configuration[..Configuration.LastIndexOf('}')] + $$"""
            , "VirtualServers": { "l4": { "ClusterId": "web", "Listen": [ "{{TcpDestination.Unused()}}" ], "Protocol": "tcp", "Forwarding": "nat" } }
            }
            """);

        await Assertions.Expect(page.Locator("ul.paths li")).ToContainTextAsync("l4, IPv4: relayed, not nat");
        await AssertAccessibleAsync(page);
        await Gateway.ReloadAsync(Configuration);
        await Assertions.Expect(page.Locator("ul.paths")).ToBeHiddenAsync();
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Order_ByKeyboardAlone()
    {
        var page = await OpenAsync("/clusters/web");
        await Assertions.Expect(page.Locator("tr[data-id=b] [data-field=state]")).ToHaveTextAsync("ready");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("To the content", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, "Weight b of web");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByLabel("Weight", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("9");
        await Assertions.Expect(page.Locator("#order output")).ToContainTextAsync("b gets 75% of new flows instead of 25%");
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.Locator("tr[data-id=b] [data-field=weight]")).ToHaveTextAsync("9");
        Assert.Equal("Weight b of web", await page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-label')"));
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Editor_ChecksAsOneTypes_AndABadChangeRollsBackUnderTrafficWithoutAFailedRequest()
    {
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        var weight = page.Locator("[data-path='ReverseProxy:Clusters:web:Destinations:b:Weight']");
        await weight.FillAsync("many");
        await Assertions.Expect(weight).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(page.GetByText("is not a whole number from 0 to 65535")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Put in force" })).ToBeDisabledAsync();
        await weight.FillAsync("1");
        await page.Locator("[data-path='ReverseProxy:Clusters:web:Destinations:a:Address']").FillAsync($"http://{TcpDestination.Unused()}");
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("Destinations:a:Address");
        await AssertAccessibleAsync(page);
        await SaveAsync(page, "editor");
        await page.GetByLabel("… or a larger share of errors than").FillAsync("0.05");
        await page.GetByRole(AriaRole.Button, new() { Name = "Put in force" }).ClickAsync();
        await Assertions.Expect(page.Locator("#pending")).ToBeVisibleAsync();
        await SaveAsync(page, "pending");

        // Every request to the closed port is served by the other destination, until the guard has seen enough.
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Contains(await Gateway.Gateway.Client.GetStringAsync("/"), new[] { "a", "b" });
                return (await Gateway.GetAsync("status"))["configuration"]!["pending"] is null;
            },
            "the guard has rolled the change back");

        await Assertions.Expect(page.Locator("#pending")).ToBeHiddenAsync();
        Assert.Equal(A.Address, (string)(await Gateway.GetAsync("configuration/clusters/web/destinations/a"))["Address"]!);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Editor_AddsADestination_AndItIsConfirmed()
    {
        var page = await OpenAsync("/configuration?kind=clusters&id=web");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add to Destinations" }).ClickAsync();
        await page.GetByLabel("Name in Destinations").Last.FillAsync("c");
        await page.GetByLabel("Name in Destinations").Last.PressAsync("Tab");
        await page.Locator("[data-path='ReverseProxy:Clusters:web:Destinations:c:Address']").FillAsync(A.Address);
        await Assertions.Expect(page.Locator("#review")).ToContainTextAsync("c: 0 % → 20 %");
        await page.GetByRole(AriaRole.Button, new() { Name = "Put in force" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();

        await Assertions.Expect(page.Locator("#versions th")).ToHaveTextAsync("1");
        Assert.Equal(3, (int)(await Gateway.GetAsync("clusters/web"))["total"]!);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task EveryPage_OnAPhoneAndInTheDark_IsAccessible()
    {
        var page = await OpenAsync("/", phone: true);
        foreach (var path in new[] { "/", "/clusters/web", "/configuration", "/events", "/explain?cluster=web" })
        {
            await page.GotoAsync(Url(path));
            await page.WaitForSelectorAsync(path == "/configuration" ? "[data-path]" : "[data-live=yes]");
            var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(overflow <= 0, $"{path} is {overflow} pixels too wide");
            Assert.Equal("rgb(20, 24, 28)", await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
            await AssertAccessibleAsync(page);
            await SaveAsync(page, "phone" + path.Split('?')[0].Replace('/', '-'));
        }

        await page.GetByLabel("Client's address").FillAsync("10.0.0.1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Explain" }).ClickAsync();
        await Assertions.Expect(page.Locator("#chosen")).ToHaveTextAsync("It would go to a.");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Cluster_DrawsTheLastHour()
    {
        var history = Gateway.Gateway.Services.GetRequiredService<TrafficHistory>();
        for (var i = 0; i < 4; i++)
        {
            await Gateway.Gateway.Client.GetStringAsync("/");
            history.Sample();
        }

        var page = await OpenAsync("/clusters/web");

        await Assertions.Expect(page.Locator("#chart-rate polyline")).ToHaveCountAsync(2);
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("^New flows a second over the last hour, at most ") })).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<int>("document.querySelector('#chart-rate polyline').getAttribute('points').split(' ').length") >= 3);
        await SaveAsync(page, "cluster");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Login_IsAskedFor_AndAViewerSeesNoOrders()
    {
        await Gateway.DisposeAsync();
        Gateway = await ManagedGateway.StartAsync(Configuration, ManagedGateway.LoginsFor());
        var page = await OpenAsync("/");
        await Assertions.Expect(page).ToHaveURLAsync(Url("/login"));
        await page.GetByLabel("User").FillAsync("viewer");
        await page.GetByLabel("Password").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("wrong user or password");
        await AssertAccessibleAsync(page);
        await page.GetByLabel("Password").FillAsync(ManagedGateway.AdminPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();

        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=state]")).ToHaveTextAsync("ready");
        await Assertions.Expect(page.Locator("button[data-action]")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(Url("/login"));
    }

    [NeedsFact("chromium")]
    public async Task Overview_OfTenThousandDestinations_IsUsable()
    {
        var clusters = Enumerable.Range(0, 200).Select(i => $$"""
            "c{{i}}": { "Destinations": { {{string.Join(',', Enumerable.Range(0, 50).Select(j => $$""" "d{{j}}": { "Address": "http://127.1.{{i}}.{{j + 1}}:1" } """))}} } }
            """);
        await Gateway.DisposeAsync();
        Gateway = await ManagedGateway.StartAsync($$"""{ "ReverseProxy": { "Clusters": { {{string.Join(',', clusters)}} } } }""");
        var page = await OpenAsync("/");
        await Assertions.Expect(page.Locator("tr[data-id]")).ToHaveCountAsync(0);
        await page.GetByLabel("Show clusters named").FillAsync("c17");
        await Assertions.Expect(page.Locator("section[data-name]:visible")).ToHaveCountAsync(11);
        await page.GetByRole(AriaRole.Button, new() { Name = "Destinations of c170" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr[data-id]")).ToHaveCountAsync(50);
        await Assertions.Expect(page.Locator("tr[data-id=d49] [data-field=state]")).ToHaveTextAsync("ready");
        Assert.Empty(Complaints);
    }

    private static async Task TabToAsync(IPage page, string label)
    {
        for (var i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string?>("document.activeElement.getAttribute('aria-label')") == label)
            {
                return;
            }
        }

        Assert.Fail($"Tab does not lead to '{label}'.");
    }
}
