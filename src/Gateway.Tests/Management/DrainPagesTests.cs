using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Gateway.Tests.Management;

/// <summary>Drains on the pages, in a real Chromium: of a destination, a cluster and the node.</summary>
public sealed class DrainPagesTests(Chromium chromium) : PageTests(chromium)
{
    private DrainService Drains => Gateway.Gateway.Services.GetRequiredService<DrainService>();

    [NeedsFact("chromium")]
    public async Task Cluster_IsDrained_FollowedAndTakenBack()
    {
        var release = new TaskCompletionSource();
        await using var slow = await HttpDestination.StartAsync("slow", async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("slow");
        });
        await Gateway.ReloadAsync(Configuration.Replace(A.Address, slow.Address, StringComparison.Ordinal));
        var answer = Gateway.Gateway.Client.GetStringAsync("/");
        var page = await OpenAsync("/clusters/web");
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=active]")).ToHaveTextAsync("1");
        await Assertions.Expect(page.Locator("#drains")).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Drain the cluster" }).ClickAsync();
        await Assertions.Expect(page.Locator("#order output")).ToHaveTextAsync("No new clients for 2 destinations of web; 1 request in progress.");
        await page.GetByLabel("Why").FillAsync("new kernel");
        await page.GetByLabel("Cut off what is left after").SelectOptionAsync("00:30:00");
        await page.GetByLabel("Known clients may return for").SelectOptionAsync("00:05:00");
        await SaveAsync(page, "drain");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();

        var drain = page.Locator("#drains tr[data-drain=d1]");
        await Assertions.Expect(drain.Locator("[data-field=status]")).ToHaveTextAsync("running");
        await Assertions.Expect(drain.Locator("[data-field=left]")).ToHaveTextAsync("1 request");
        await Assertions.Expect(page.Locator("tr[data-id=b] [data-field=state]")).ToHaveTextAsync("drain");
        await AssertAccessibleAsync(page);
        var job = Drains.Jobs.Single();
        Assert.Equal(("new kernel", TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(5)), (job.Why, job.Deadline - job.Started, job.StickyUntil - job.Started));

        release.SetResult();
        await answer;
        await Assertions.Expect(drain.Locator("[data-field=left]")).ToHaveTextAsync("nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take back the drain of cluster web" }).ClickAsync();
        await Assertions.Expect(page.Locator("#drains")).ToBeHiddenAsync();
        await Assertions.Expect(page.Locator("tr[data-id=b] [data-field=state]")).ToHaveTextAsync("ready");
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Node_IsDrained_AndUndone()
    {
        var page = await OpenAsync("/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Drain the node" }).ClickAsync();
        await Assertions.Expect(page.Locator("#order output")).ToContainTextAsync("Gateway wants no more clients");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();

        await Assertions.Expect(page.Locator("#drains tr")).ToContainTextAsync(["Of", "the node"]);
        Assert.True(Drains.IsNodeDraining);
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(page.Locator("#drains")).ToBeHiddenAsync();
        Assert.False(Drains.IsNodeDraining);
        Assert.Empty(Complaints);
    }

    [NeedsFact("chromium")]
    public async Task Destination_IsDrainedByTheDialog_WithAnEndOrWithADeadline()
    {
        var page = await OpenAsync("/");
        var button = page.GetByRole(AriaRole.Button, new() { Name = "Drain a of web" });
        await button.ClickAsync();
        await Assertions.Expect(page.Locator("#order output")).ToContainTextAsync("a gets 0% of new flows instead of 75%");
        await page.GetByLabel("For how long").SelectOptionAsync("01:00:00");
        await Assertions.Expect(page.GetByLabel("Cut off what is left after")).ToBeDisabledAsync();
        await page.GetByLabel("Known clients may return for").SelectOptionAsync("00:20:00");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=state]")).ToHaveTextAsync("drain");
        var word = Gateway.Gateway.Store.Current.FindCluster("web")!.Find("a")!.Standing.Admin!;
        Assert.Equal((AdminOrder.Drain, TimeSpan.FromHours(1), TimeSpan.FromMinutes(20)), (word.Order, word.Until - word.Since, word.StickyUntil - word.Since));
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=state]")).ToHaveTextAsync("ready");

        await button.ClickAsync();
        await page.GetByLabel("Cut off what is left after").SelectOptionAsync("00:01:00");
        await Assertions.Expect(page.GetByLabel("For how long")).ToBeDisabledAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Do it" }).ClickAsync();

        await Assertions.Expect(page.Locator("#drains tr[data-drain]")).ToContainTextAsync("a of web");
        await Assertions.Expect(page.Locator("tr[data-id=a] [data-field=state]")).ToHaveTextAsync("drain");
        Assert.Equal("a", Drains.Jobs.Single().DestinationId);
        Assert.Empty(Complaints);
    }
}
